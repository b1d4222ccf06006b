import { api } from "./api.js";

const at = (id) => document.getElementById(id);

function show(note, url) {
  const item = document.createElement("li");
  item.textContent = note.text; // text, never HTML
  if (url) {
    const button = document.createElement("button");
    button.textContent = "Delete";
    button.addEventListener("click", () => attempt(() => api("DELETE", url)));
    item.append(button);
  }
  return item;
}

async function refresh() {
  const { notes, announcements } = await api("GET", "api/notes");
  at("notes").replaceChildren(
    ...announcements.map((note) => show(note)),
    ...notes.map((note) => show(note, `api/notes/${note.id}`)),
  );
}

async function attempt(change) {
  at("problem").textContent = "";
  try {
    await change();
    await refresh();
  } catch (error) {
    at("problem").textContent = error.message;
  }
}

function sends(form, path) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      await api("POST", path, Object.fromEntries(new FormData(form)));
      form.reset();
    });
  });
  form.querySelector("button").disabled = false; // before this, the browser itself would send it
}

await attempt(async () => {});
sends(at("add"), "api/notes");
sends(at("announce"), "api/announcements");
const profile = await api("GET", "api/profile").catch(() => ({ sentence: "" }));
at("profile").textContent = profile.sentence;
