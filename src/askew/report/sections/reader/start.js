// Starts the reader.
async function startReader(section) {
  const packed = document.getElementById("answers");
  const state = section.querySelector(".state");
  state.hidden = false;
  if (typeof DecompressionStream === "undefined") {
    state.textContent = "This browser cannot unpack the answers. They are all in answers.parquet, in the same folder as this page.";
    return;
  }
  let answers;
  try {
    answers = new Answers(await unpack(packed.textContent.trim()));
  } catch (error) {
    const why = `The answers in this page cannot be unpacked (${error.message}): the file is damaged.`;
    state.textContent = `${why} They are all in answers.parquet, in the same folder as this page.`;
    return;
  }
  section.querySelector(".whole").hidden = false;
  state.hidden = true;
  new Reader(section, answers);
  section.dataset.ready = "yes";
}

// Wait for the first paint: the page above can be read while the answers are unpacked.
requestAnimationFrame(() => setTimeout(() => startReader(document.getElementById("reader"))));
