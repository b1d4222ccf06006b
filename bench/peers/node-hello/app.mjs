// The cost of Node and the runtime client alone.

export async function handler() {
  return { statusCode: 200, headers: { "content-type": "text/plain" }, body: "hello world" };
}
