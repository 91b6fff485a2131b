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

// The arguments of the three programs in Dapr 1.18.3. One that is on or off takes its value after "=" alone; any other takes the next word too.
const logging = { texts: "log-level log-file metrics-port metrics-listen-address", switches: "log-as-json enable-metrics" };
const known = {
  daprd: {
    texts: `actors-disseminate-timeout actors-service allowed-origins app-binding-options-timeout app-channel-address app-health-check-path app-health-probe-interval
      app-health-probe-timeout app-health-threshold app-id app-max-concurrency app-port app-protocol components-path config control-plane-address control-plane-namespace
      control-plane-trust-domain dapr-block-shutdown-duration dapr-graceful-shutdown-seconds dapr-grpc-port dapr-http-max-request-size dapr-http-port
      dapr-http-read-buffer-size dapr-internal-grpc-listen-address dapr-internal-grpc-port dapr-listen-addresses dapr-public-listen-address dapr-public-port
      disable-init-endpoints hot-reload-reconcile-interval max-body-size mode placement-host-address profile-port read-buffer-size reminders-service resources-path
      scheduler-host-address scheduler-job-streams sentry-address sentry-request-jwt-audiences unix-domain-socket`,
    switches: "app-ssl build-info disable-builtin-k8s-secret-store enable-api-logging enable-app-health-check enable-mtls enable-profiling version wait",
  },
  placement: {
    texts: `disseminate-coalesce-window disseminate-timeout healthz-listen-address healthz-port id initial-cluster keepalive-time keepalive-timeout listen-address
      max-api-level min-api-level mode port raft-logstore-path replicationFactor sentry-address trust-anchors-file trust-domain`,
    switches: "inmem-store-enabled metadata-enabled tls-enabled",
  },
  scheduler: {
    texts: `etcd-backend-batch-interval etcd-backend-batch-limit etcd-client-endpoints etcd-client-listen-address etcd-client-password etcd-client-port
      etcd-client-username etcd-compaction-mode etcd-compaction-retention etcd-data-dir etcd-experimental-bootstrap-defrag-threshold-megabytes etcd-initial-cluster
      etcd-max-snapshots etcd-max-txn-ops etcd-max-wals etcd-metrics etcd-snapshot-count etcd-space-quota healthz-listen-address healthz-port id
      identity-directory-write kubeconfig listen-address mode override-broadcast-host-port port sentry-address trust-anchors-file trust-domain workers`,
    switches: "etcd-embed etcd-initial-election-tick-advance tls-enabled",
  },
};
const named = (kind) => `${known[program][kind]} ${logging[kind]}`.split(/\s+/);
for (let i = 0; i < args.length; i++) {
  const [, name, value] = /^--?([^-=][^=]*)(=.*)?$/.exec(args[i]) ?? [];
  const isText = named("texts").includes(name);
  if (!isText && !named("switches").includes(name)) {
    console.error(name === undefined ? `unknown word: ${args[i]}` : `unknown flag: --${name}`);
    process.exit(2);
  }
  if (isText && value === undefined && (++i >= args.length || args[i].startsWith("--"))) {
    console.error(`flag needs an argument: --${name}`);
    process.exit(2);
  }
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
