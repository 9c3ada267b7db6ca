// Zoom's own SDK, receiving webhooks on loopback until standard input closes.
// Arguments: the folder whose node_modules has it, and the webhook's secret. Prints a line of JSON with the port, and one
// for each event that its handler is called with.
import { createRequire } from "node:module";
import * as net from "node:net";
import { pathToFileURL } from "node:url";

const [folder, secret] = process.argv.slice(2);
const found = createRequire(`${folder}/`).resolve("@zoom/rivet/users");
const { UsersS2SAuthClient } = await import(pathToFileURL(found).href);

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ready) {
  return listen.call(this, port, "127.0.0.1", ready); // it would listen on every address of this machine
};

const client = new UsersS2SAuthClient({ clientId: "none", clientSecret: "none", accountId: "none", webhooksSecretToken: secret, port: 0 });
client.webEventConsumer.event("user.activated", (event) => console.log(JSON.stringify(event)));
const server = await client.start();
process.stdin.on("end", () => process.exit(0)).resume();
console.log(JSON.stringify({ port: server.address().port }));
