// cognito-at-edge as in its README for sign-in and code exchange, with an HTTP API instead of
// CloudFront, and the secret read from Secrets Manager with AWS's SDK.

import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CognitoJwtVerifier } from "aws-jwt-verify";
import { SimpleJsonFetcher } from "aws-jwt-verify/https";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { Authenticator } from "cognito-at-edge";

const { AWS_REGION, COGNITO_DOMAIN_URL, COGNITO_ISSUER, COGNITO_JWKS_URL, SECRET_ID } = process.env;

const client = new SecretsManagerClient();
const answer = await client.send(new GetSecretValueCommand({ SecretId: SECRET_ID }));
const secret = JSON.parse(answer.SecretString);

const pool = { userPoolId: COGNITO_ISSUER.split("/").at(-1), clientId: secret.client_id };
const authenticator = new Authenticator({
  region: AWS_REGION,
  userPoolId: pool.userPoolId,
  userPoolAppId: secret.client_id,
  userPoolAppSecret: secret.client_secret,
  userPoolDomain: new URL(COGNITO_DOMAIN_URL).host,
  parseAuthPath: "/callback",
  csrfProtection: { nonceSigningSecret: secret.session_key },
  httpOnly: true,
  sameSite: "Lax",
  cookiePath: "/",
});
// The library derives the address of the keys from the pool; the benchmark uses another address.
const fetcher = new SimpleJsonFetcher();
authenticator._jwtVerifier = CognitoJwtVerifier.create(
  { ...pool, tokenUse: "id" },
  { jwksCache: new SimpleJwksCache({ fetcher: { fetch: () => fetcher.fetch(COGNITO_JWKS_URL) } }) },
);

const routes = {
  "GET /login": (event) => authenticator.handleSignIn(event),
  "GET /callback": (event) => authenticator.handleParseAuth(event),
};

// docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
function atEdge({ headers, cookies = [], rawPath, rawQueryString, requestContext }) {
  const request = {
    method: requestContext.http.method,
    uri: rawPath,
    querystring: rawQueryString,
    headers: { host: [{ key: "Host", value: headers.host }] },
  };
  if (cookies.length) request.headers.cookie = [{ key: "Cookie", value: cookies.join("; ") }];
  return { Records: [{ cf: { request } }] };
}

function fromEdge({ status, headers = {}, body = "" }) {
  const { "set-cookie": cookies = [], ...others } = headers;
  return {
    statusCode: Number(status),
    headers: Object.fromEntries(Object.entries(others).map(([name, [{ value }]]) => [name, value])),
    cookies: cookies.map(({ value }) => value),
    body,
  };
}

export async function handler(event) {
  return fromEdge(await routes[event.routeKey](atEdge(event)));
}
