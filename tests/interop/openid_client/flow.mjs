// A relying party on the certified library openid-client. It speaks JSON lines with the test:
// it prints the address to open, reads the address it was called back at, prints what it got.
import { createInterface } from "node:readline";
import * as client from "openid-client";

const [issuer, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const options = { execute: [client.allowInsecureRequests] };
const tell = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const config = await client.discovery(
  new URL(issuer), clientId, clientSecret, client.ClientSecretBasic(clientSecret), options,
);
client.enableNonRepudiationChecks(config);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
tell({
  open: client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid profile memberships recognitions",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    prompt: process.argv[6] ?? "",
  }).href.replace(/&prompt=$/, ""),
});

const { value } = await lines.next();
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
try {
  const tokens = await client.authorizationCodeGrant(config, new URL(value), checks);
  const claims = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const logout = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token });
  let replay = "accepted";
  try {
    await client.authorizationCodeGrant(config, new URL(value), checks);
  } catch (refusal) {
    replay = refusal.error;
  }
  tell({ claims, userinfo, replay, logout: logout.href });
} catch (refusal) {
  tell({ error: refusal.error ?? refusal.code ?? refusal.message });
}
process.exit(0);
