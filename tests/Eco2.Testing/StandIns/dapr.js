#!/usr/bin/env node
// Stands in for daprd, placement and scheduler where they are not installed: writes down how it was started, says that it is well, and
// hands calls from app to app on, which the gateway wants before it is ready. It shows what eco2 asks of Dapr, not what Dapr does with it.
"use strict";
const { appendFileSync, readFileSync } = require("node:fs");
const { createServer, request } = require("node:http");
const { basename } = require("node:path");

const program = basename(process.argv[1]);
const args = process.argv.slice(2);
if (args[0] === "--version") {
  console.log("1.18.3");
  process.exit(0);
}

const argument = (name) => args[args.indexOf(name) + 1];
appendFileSync(process.env.ECO2_STAND_IN_RECORD, JSON.stringify({ program, pid: process.pid, folder: process.cwd(), args, env: process.env }) + "\n");
if (process.env.ECO2_STAND_IN_FAILS === program) {
  console.error(`${program}: unknown flag: --of-the-future`);
  process.exit(1);
}

const appPort = (id) =>
  readFileSync(process.env.ECO2_STAND_IN_RECORD, "utf8").trim().split("\n").map((line) => JSON.parse(line).args)
    .findLast((started) => started[started.indexOf("--app-id") + 1] === id)?.find((_, i, started) => started[i - 1] === "--app-port");

const port = Number(argument(program === "daprd" ? "--dapr-http-port" : "--healthz-port"));
createServer((incoming, answer) => {
  const [, app, method] = /^\/v1\.0\/invoke\/([^/]+)\/method(\/.*)$/.exec(incoming.url) ?? [null, incoming.headers["dapr-app-id"], incoming.url];
  if (app === undefined) {
    answer.writeHead(program === "daprd" ? 204 : 200).end();
    return;
  }
  const headers = { ...incoming.headers, "dapr-api-token": process.env.APP_API_TOKEN };
  const outgoing = request({ host: "127.0.0.1", port: appPort(app), path: method, method: incoming.method, headers }, (answered) => {
    answer.writeHead(answered.statusCode, answered.headers);
    answered.pipe(answer);
  });
  outgoing.on("error", () => answer.writeHead(500).end());
  incoming.pipe(outgoing);
}).listen(port, "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
