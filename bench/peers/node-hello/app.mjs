// What Node and the runtime client cost by themselves.

export async function handler() {
  return { statusCode: 200, headers: { "content-type": "text/plain" }, body: "hello world" };
}
