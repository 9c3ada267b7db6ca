// An OAuth server that is not ours: oidc-provider, configured and served on loopback, until standard input closes.
// Arguments: the folder whose node_modules has it. Prints one line of JSON, with the origin.
// Beside what it serves itself there are, for the tests: /test/tally, what came to the token endpoint; /test/later?seconds=N,
// which moves its clock; and /api/me, an API that takes the access tokens of people and of programs.
import * as http from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const found = createRequire(`${process.argv[2]}/`).resolve("oidc-provider");
const { Provider } = await import(pathToFileURL(found).href);

console.info = console.warn = () => {}; // it advises who runs it in earnest
const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;

const tally = { asked: 0, ways: {}, granted: {}, refused: {}, ended: 0 };
const count = (of, what) => {
  of[what] = (of[what] ?? 0) + 1;
};

const server = http.createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", 256, ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const app = {
  application_type: "native", // redirects to any port of this machine, RFC 8252 7.3
  redirect_uris: ["http://127.0.0.1/callback"],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
};
const provider = new Provider(origin, {
  clients: [
    { ...app, client_id: "by basic:1", client_secret: "canary/secret+50%:of=it&all", token_endpoint_auth_method: "client_secret_basic" },
    { ...app, client_id: "by-body", client_secret: "canary/secret+60%:of=it&all", token_endpoint_auth_method: "client_secret_post" },
    {
      client_id: "a-program",
      client_secret: "canary/secret+70%:of=it&all",
      token_endpoint_auth_method: "client_secret_basic",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      scope: "read",
    },
  ],
  scopes: ["openid", "offline_access", "read"],
  pkce: { required: () => true },
  issueRefreshToken: async (_, client) => client.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: true,
  ttl: { AccessToken: 300, ClientCredentials: 300, RefreshToken: 86_400, Session: 86_400, Grant: 86_400, AuthorizationCode: 60, IdToken: 300, Interaction: 600 },
  features: { clientCredentials: { enabled: true }, introspection: { enabled: true }, revocation: { enabled: true } },
  findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  cookies: { keys: ["of no value beyond this test"] },
});
provider.on("grant.success", (ctx) => count(tally.granted, ctx.oidc.params.grant_type));
provider.on("grant.error", (ctx, error) => count(tally.refused, error.error));
provider.on("grant.revoked", () => (tally.ended += 1));

const say = (reply, status, data) => {
  reply.writeHead(status, { "content-type": "application/json" });
  reply.end(JSON.stringify(data));
};
const api = async (request, reply) => {
  const token = (request.headers.authorization ?? "").replace("Bearer ", "");
  const known = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
  if (!known) return say(reply, 401, { error: "invalid_token", error_description: "unknown or ended" });
  return say(reply, 200, { sub: known.accountId ?? known.clientId, scope: known.scope ?? "" });
};

const serve = provider.callback();
server.on("request", (request, reply) => {
  const url = new URL(request.url, origin);
  if (url.pathname === "/token") {
    tally.asked += 1;
    count(tally.ways, request.headers.authorization ? "basic" : "body"); // it takes a client's secret in either
  }
  if (url.pathname === "/test/tally") return say(reply, 200, tally);
  if (url.pathname === "/test/later") {
    ahead += 1000 * Number(url.searchParams.get("seconds"));
    return say(reply, 200, {});
  }
  return url.pathname === "/api/me" ? api(request, reply) : serve(request, reply);
});
process.stdin.on("end", () => process.exit(0)).resume();
console.log(JSON.stringify({ origin }));
