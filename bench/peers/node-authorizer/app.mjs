// The usual authorizer in Node: aws-jwt-verify, and the client's id from Secrets Manager by AWS's SDK.

import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CognitoJwtVerifier } from "aws-jwt-verify";
import { SimpleJsonFetcher } from "aws-jwt-verify/https";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";

const { COGNITO_ISSUER, COGNITO_JWKS_URL, SECRET_ID } = process.env;

const client = new SecretsManagerClient();
const answer = await client.send(new GetSecretValueCommand({ SecretId: SECRET_ID }));
const clientId = JSON.parse(answer.SecretString).client_id;

// The library derives the address of the keys from the pool; the bench has them elsewhere.
const fetcher = new SimpleJsonFetcher();
const verifier = CognitoJwtVerifier.create(
  { userPoolId: COGNITO_ISSUER.split("/").at(-1), clientId, tokenUse: "id" },
  { jwksCache: new SimpleJwksCache({ fetcher: { fetch: () => fetcher.fetch(COGNITO_JWKS_URL) } }) },
);
await verifier.hydrate();

export async function handler({ cookies = [] }) {
  const pair = cookies.find((each) => each.startsWith("token="));
  try {
    const { sub, name, email } = await verifier.verify(pair.slice("token=".length));
    return { isAuthorized: true, context: { sub, name, email } };
  } catch {
    return { isAuthorized: false };
  }
}
