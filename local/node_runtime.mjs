// A Node function under Lambda's Runtime API, one event at a time.
// docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and nodejs-handler.html

import { existsSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const prefix = "/2018-06-01/runtime";

function ask(method, target, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: prefix + target }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    request.on("error", reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function fault(error) {
  const known = error instanceof Error ? error : new Error(String(error));
  return {
    errorType: known.name,
    errorMessage: known.message,
    stackTrace: (known.stack ?? "").split("\n"),
  };
}

// "folder/file.name": the last dot parts the module from the export; nested ones are allowed.
async function load(handler) {
  const start = handler.lastIndexOf("/") + 1;
  const [file, ...names] = handler.slice(start).split(".");
  const base = path.join(process.env.LAMBDA_TASK_ROOT, handler.slice(0, start), file);
  const found = [".js", ".mjs", ".cjs"].map((end) => base + end).find((one) => existsSync(one));
  if (found === undefined) throw new Error(`Cannot find module '${base}'`);
  const module = await import(pathToFileURL(found).href);
  const pick = (from) => names.reduce((value, name) => value?.[name], from);
  const picked = pick(module) ?? pick(module.default);
  if (typeof picked !== "function") throw new Error(`${handler} is undefined or not exported`);
  return picked;
}

function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => (error ? reject(error) : resolve(result));
    const returned = handler(event, context, callback);
    if (typeof returned?.then === "function") returned.then(resolve, reject);
    else if (handler.length < 3) resolve(returned);
  });
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const env = process.env;
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

let handler;
try {
  handler = await load(process.argv[2]);
} catch (error) {
  console.error(error);
  await ask("POST", "/init/error", fault(error));
  process.exit(1);
}
for (;;) {
  const { headers, body } = await ask("GET", "/invocation/next");
  const invocation = `/invocation/${headers["lambda-runtime-aws-request-id"]}`;
  try {
    const result = await run(handler, JSON.parse(body), contextOf(headers));
    await ask("POST", `${invocation}/response`, result === undefined ? null : result);
  } catch (error) {
    console.error(error);
    await ask("POST", `${invocation}/error`, fault(error));
  }
}
