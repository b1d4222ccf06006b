import { api } from "./api.js";

const at = (id) => document.getElementById(id);
const API = import.meta.env.BASE_URL + "api/";

const me = await fetch("/me");
if (me.ok) {
  const { name, email } = await me.json();
  at("greeting").textContent = `Hello, ${name || email}`;
} else {
  at("greeting").textContent = "You are not signed in.";
  const here = location.pathname + location.search;
  at("sign-in").querySelector("a").href = "/login?return_to=" + encodeURIComponent(here);
}
at("sign-in").hidden = me.ok;
at("shout").hidden = at("sign-out").hidden = !me.ok;

at("shout").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const { text, by } = await api("POST", API + "shout", Object.fromEntries(new FormData(event.target)));
    at("answer").textContent = `${by} says ${text}`;
  } catch (error) {
    at("answer").textContent = error.message;
  }
});
