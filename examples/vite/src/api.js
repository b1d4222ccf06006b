// Calls the API and returns its answer. Throws an Error with a sentence for the user.
//
// 403 can mean that the session has to be checked with Cognito. GET /me does that, and the call is
// repeated once. If nobody is signed in, the browser goes to sign-in and comes back to this page.
export async function api(method, path, values) {
  const options = { method };
  if (values !== undefined) {
    options.headers = { "content-type": "application/json" };
    options.body = JSON.stringify(values);
  }
  let response = await fetch(path, options);
  if (response.status === 403) {
    const me = await fetch("/me");
    if (me.status === 401) {
      const here = location.pathname + location.search;
      location.assign("/login?return_to=" + encodeURIComponent(here));
      return new Promise(() => {}); // the page is leaving
    }
    if (me.ok) response = await fetch(path, options);
  }
  if (response.status === 403) throw new Error("You may not do this.");
  if (!response.ok) throw new Error("That did not work. Try again.");
  return response.json();
}
