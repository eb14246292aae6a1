// Starts the replay.
const ALL_EVENTS = "All events are in society/events.parquet, in the same folder as this page.";

// Return a sentence if a replay does not go on to the society’s last tick.
function endOf(fact, society) {
  const last = society.first + society.ticks - 1;
  if (fact.short) return `This replay ends at tick ${last}, because its events are too many for the page. ${ALL_EVENTS}`;
  if (!fact.cut) return "";
  return fact.ticks > 0
    ? `This society was cut short: it was to have ${fact.ticks} ticks, and there is nothing after tick ${last}.`
    : `This society was cut short: there is nothing after tick ${last}.`;
}

async function startReplay(section) {
  const state = section.querySelector(".state");
  state.hidden = false;
  if (typeof DecompressionStream === "undefined") {
    state.textContent = `This browser cannot unpack the societies. ${ALL_EVENTS}`;
    return;
  }
  let facts;
  try {
    facts = await unpack(document.getElementById("packed-societies").textContent.trim());
  } catch (error) {
    state.textContent = `The societies in this page cannot be unpacked (${error.message}): the file is damaged. ${ALL_EVENTS}`;
    return;
  }
  section.querySelector(".whole").hidden = false;
  state.hidden = true;
  await new SocietyReplay(section, facts.map((fact, place) => ({ ...fact, place }))).follow(location.hash);
  section.dataset.ready = "yes";
}

// Wait for the first paint: the page above can be read while the first society is unpacked.
requestAnimationFrame(() => setTimeout(() => startReplay(document.getElementById("replay"))));
