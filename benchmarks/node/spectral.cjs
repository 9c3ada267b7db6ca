// One action of a Spectral component, with inputs that are cleaned and a client with retries, as its guide shows it.
// Usage: node spectral.cjs URL CALLS < BODY; prints the processor microseconds of one call, all threads counted.
const { action, component, input, util } = require("@prismatic-io/spectral");
const { createClient } = require("@prismatic-io/spectral/dist/clients/http");
const { createHarness } = require("@prismatic-io/spectral/dist/testing");
const { readFileSync } = require("node:fs");

const WARM = 300;
const [url, calls] = [process.argv[2], Number(process.argv[3])];
const body = JSON.parse(readFileSync(0, "utf8"));

const inputs = Object.fromEntries(
  Object.entries(body).map(([name, value]) => {
    const isText = typeof value !== "object";
    const clean = { string: util.types.toString, number: util.types.toNumber, boolean: util.types.toBool }[typeof value];
    return [name, input({ label: name, type: isText ? "string" : "code", ...(isText ? {} : { language: "json" }),
      clean: clean || util.types.toObject })];
  }),
);
const createMeeting = action({
  display: { label: "Create meeting", description: "Create a meeting." },
  inputs,
  perform: async (_context, params) => {
    const headers = { Authorization: "Bearer a-token-of-no-service" };
    const client = createClient({ baseUrl: url, headers, responseType: "json", retryConfig: { retries: 3 } });
    const { data } = await client.post("/users/me/meetings", params);
    return { data };
  },
});
const harness = createHarness(component({
  key: "bench", public: false, display: { label: "Bench", description: "Bench", iconPath: "" },
  actions: { createMeeting },
}));
const given = Object.fromEntries(
  Object.entries(body).map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]),
);

async function repeat(count) {
  for (let number = 0; number < count; number += 1) {
    const { data } = await harness.action("createMeeting", given);
    if (!data.id) throw new Error("the service made no meeting");
  }
}

(async () => {
  await repeat(WARM);
  const before = process.cpuUsage();
  await repeat(calls);
  const took = process.cpuUsage(before);
  console.log((took.user + took.system) / calls);
})();
