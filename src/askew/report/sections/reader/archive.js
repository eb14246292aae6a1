// The answers in the page, by column with each text once.
class Answers {
  constructor({ count, columns }) {
    this.count = count;
    this.texts = {};
    this.numbers = {};
    for (const [name, column] of Object.entries(columns)) {
      if (Array.isArray(column)) this.numbers[name] = Float64Array.from(column, (value) => value ?? NaN);
      else this.texts[name] = { values: column.values, codes: Int32Array.from(column.codes) };
    }
  }

  text(name, row) {
    const { values, codes } = this.texts[name];
    return values[codes[row]];
  }

  number(name, row) {
    return this.numbers[name][row];
  }

  // The name of an answer in a link; it doesn’t depend on the order of the rows.
  name(row) {
    const parts = ["arm", "seed", "probe", "question", "index"];
    return parts.map((part) => (part in this.texts ? this.text(part, row) : this.number(part, row))).join(".");
  }

  find(name) {
    for (let row = 0; row < this.count; row += 1) if (this.name(row) === name) return row;
    return -1;
  }
}
