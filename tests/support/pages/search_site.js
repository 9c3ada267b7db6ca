// Answers queries as the site's search does: `node search_site.js FOLDER < queries.json`. It runs the worker that the pages
// load, with the index that the site has, and prints the places that it finds for each query, best first.
const fs = require("fs"), path = require("path"), vm = require("vm");

const [folder, queries] = [process.argv[2], JSON.parse(fs.readFileSync(0, "utf8"))];
const workers = path.join(folder, "assets/javascripts/workers");
const worker = path.join(workers, fs.readdirSync(workers).find(name => /^search\..*\.js$/.test(name)));
const index = JSON.parse(fs.readFileSync(path.join(folder, "search/search_index.json"), "utf8"));
const [SETUP, QUERY, RESULT] = [0, 2, 3];
const found = {}, listeners = [], waiting = [...queries];
let asked;

const send = message => listeners.forEach(listener => listener({data: message}));
const scope = {
  console, URL, performance, setTimeout, location: {href: "file:///"},
  importScripts() {},  // of other languages than English
  addEventListener(name, listener) { listeners.push(listener); },
  postMessage(message) {
    if (message.type === RESULT) found[asked] = message.data.items.map(([first]) => first.location);
    if (!waiting.length) return process.stdout.write(JSON.stringify(found));
    asked = waiting.shift();
    setTimeout(() => send({type: QUERY, data: asked}));
  },
};
scope.self = scope;
vm.runInContext(fs.readFileSync(worker, "utf8"), vm.createContext(scope));
send({type: SETUP, data: {...index, options: {suggest: false}}});
