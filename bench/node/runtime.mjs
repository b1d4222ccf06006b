// A runtime client for Node. AWS's own (aws-lambda-ric) has to be compiled and needs Node 22.
//
// Like that one, it loads the handler, requests events over one kept connection, and responds.
// docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import http from "node:http";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(method, path, body = "") {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Length": Buffer.byteLength(body) };
    const request = http.request(
      { agent, host, port, method, path: `/2018-06-01/runtime/${path}`, headers },
      async (response) => {
        response.setEncoding("utf8");
        let text = "";
        for await (const piece of response) text += piece;
        resolve({ headers: response.headers, text });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

const [module, name] = process.env._HANDLER.split(".");
const file = `${process.env.LAMBDA_TASK_ROOT}/${module}.mjs`;
const { [name]: handler } = await import(pathToFileURL(file));
for (;;) {
  const { headers, text } = await ask("GET", "invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  try {
    const reply = JSON.stringify(await handler(JSON.parse(text), { awsRequestId: id }));
    await ask("POST", `invocation/${id}/response`, reply);
  } catch (error) {
    await ask("POST", `invocation/${id}/error`, JSON.stringify({ errorMessage: String(error) }));
  }
}
