// The browser never sees a token: the session is a cookie that scripts cannot read, and goes
// along with every request to this origin by itself.

const element = (id) => document.getElementById(id);

function show(id) {
  for (const section of document.querySelectorAll("section")) section.hidden = section.id !== id;
}

async function ask(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  return { status: answer.status, body: answer.ok ? await answer.json() : null };
}

async function lookUpVisitor() {
  const { status, body } = await ask("/me");
  if (status === 401) return show("signed-out");
  if (status !== 200) return show("failed");
  // textContent, never innerHTML: people choose their names themselves.
  element("name").textContent = body.name ?? body["cognito:username"];
  element("groups").textContent = (body["cognito:groups"] ?? ["none"]).join(", ");
  show("signed-in");
}

async function loadReport() {
  const { status, body } = await ask("/report");
  if (status === 401) return show("signed-out"); // the session ended meanwhile
  element("report").textContent =
    {
      200: `Sign-ups this week: ${body?.sign_ups}`,
      403: "The report is for staff.",
      404: "There is no report. The example “groups” adds it.",
    }[status] ?? "That did not work. Please try again.";
}

const orFail = (action) => () => action().catch(() => show("failed"));

element("load").addEventListener("click", orFail(loadReport));
// Signed out in another tab, or asleep for a night: ask again when this tab is looked at.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) orFail(lookUpVisitor)();
});
orFail(lookUpVisitor)();
