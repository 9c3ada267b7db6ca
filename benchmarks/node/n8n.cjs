// One operation of a declarative n8n node, whose parameters are routed to the body, run by n8n's own executor.
// Usage: node n8n.cjs URL CALLS < BODY; prints the processor microseconds of one call, all threads counted.
const { mkdtempSync, readFileSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
process.env.N8N_ENCRYPTION_KEY ||= "a-key-of-no-installation";
process.env.N8N_USER_FOLDER = mkdtempSync(`${tmpdir()}/n8n-`);
process.on("exit", () => rmSync(process.env.N8N_USER_FOLDER, { recursive: true }));
require("reflect-metadata");
const { ExecuteContext, RoutingNode } = require("n8n-core");
const { NodeConnectionTypes, Workflow, createRunExecutionData } = require("n8n-workflow");

const WARM = 300;
const [url, calls] = [process.argv[2], Number(process.argv[3])];
const body = JSON.parse(readFileSync(0, "utf8"));

const TYPES = { string: "string", number: "number", boolean: "boolean", object: "json" };
const nodeType = {
  description: {
    displayName: "Bench", name: "bench", group: ["output"], version: 1, description: "", defaults: { name: "Bench" },
    inputs: [NodeConnectionTypes.Main], outputs: [NodeConnectionTypes.Main],
    requestDefaults: { baseURL: url, headers: { Authorization: "Bearer a-token-of-no-service" } },
    properties: [
      { displayName: "Operation", name: "operation", type: "options", default: "create",
        options: [{ name: "Create", value: "create",
          routing: { request: { method: "POST", url: "/users/me/meetings" } } }] },
      ...Object.entries(body).map(([name, value]) => ({
        displayName: name, name, type: TYPES[typeof value], default: "",
        routing: { send: { type: "body", property: name } },
      })),
    ],
  },
};
const node = { id: "1", name: "Bench", type: "bench", typeVersion: 1, position: [0, 0],
  parameters: { operation: "create", ...body } };
const nodeTypes = { getByName: () => nodeType, getByNameAndVersion: () => nodeType, getKnownTypes: () => ({}) };
const workflow = new Workflow({ id: "1", nodes: [node], connections: {}, active: false, nodeTypes });
const additionalData = { credentialsHelper: {}, variables: {}, hooks: undefined, currentNodeParameters: node.parameters,
  executionId: "1", webhookWaitingBaseUrl: "http://localhost/waiting", formWaitingBaseUrl: "http://localhost/form" };

async function call() {
  const items = [{ json: {} }];
  const inputData = { main: [items] };
  const run = createRunExecutionData({});
  const context = new ExecuteContext(workflow, node, additionalData, "internal", run, 0, items, inputData,
    { node, data: inputData, source: null }, []);
  const [[item]] = await new RoutingNode(context, nodeType).runNode();
  if (!item.json.id) throw new Error("the service made no meeting");
}

(async () => {
  for (let number = 0; number < WARM; number += 1) await call();
  const before = process.cpuUsage();
  for (let number = 0; number < calls; number += 1) await call();
  const took = process.cpuUsage(before);
  console.log((took.user + took.system) / calls);
})();
