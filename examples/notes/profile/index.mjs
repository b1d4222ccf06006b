// What a function in Node knows about the user: the same as one in Python.
export const handler = async (event) => {
  const { email, email_verified, groups, signed_in_at } = event.requestContext.authorizer.lambda;
  const minutes = Math.floor((Date.now() / 1000 - signed_in_at) / 60);
  const address = email_verified ? email : "an address that is not verified";
  const member = groups.length ? `, member of ${groups.join(", ")}` : "";
  return { sentence: `Signed in with ${address} ${minutes} minutes ago${member}` };
};
