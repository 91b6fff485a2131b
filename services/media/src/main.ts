import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { log, reason } from "./log.js";
import { Objects } from "./objects.js";
import { serve } from "./server.js";
import { telemetry } from "./telemetry.js";
import { Classifier } from "./vision/classifier.js";

const DrainMs = 10_000;

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    process.stderr.write(`media: the environment variable ${name} is missing.\n`);
    process.exit(2);
  }
  return value;
}

const port = Number(setting("APP_PORT"));
const address = process.env["APP_HOST"] || "127.0.0.1";
const token = process.env["APP_API_TOKEN"] || undefined;
if (token === undefined && address !== "127.0.0.1" && address !== "::1") {
  process.stderr.write("media: set APP_API_TOKEN: this app listens beyond this machine and would believe anybody.\n");
  process.exit(2);
}
const endpoint = process.env["DAPR_GRPC_ENDPOINT"];
const sidecar = new URL(endpoint || `http://127.0.0.1:${setting("DAPR_GRPC_PORT")}`);
const objects = new Objects(sidecar.hostname, sidecar.port, process.env["DAPR_API_TOKEN"] || undefined);
const classifier = await Classifier.load();
// Loading leaves some 40 MB of garbage that an idle process would keep for good.
setFlagsFromString("--expose-gc");
(runInNewContext("gc") as () => void)();

const observed = await telemetry(process.env).catch((error: unknown) => {
  process.stderr.write(`media: ${reason(error)}\n`);
  process.exit(2);
});
const server = serve({ objects, classifier, token, telemetry: observed });


server.on("error", (error) => {
  log("error", "The server cannot listen", { port, reason: reason(error) });
  process.exit(1);
});
server.listen(port, address, () => log("info", "Listening", { port, model: classifier.name }));
void objects.start();

function stop(signal: string): void {
  log("info", "Stopping", { signal });
  // Requests that run are finished; the timer is for those that won't.
  setTimeout(() => process.exit(1), DrainMs).unref();
  server.close(() => void Promise.all([objects.stop(), observed.stop()]).then(() => process.exit(0)));
  // A connection that has had its answer stays open for more, and close() would wait for it.
  setInterval(() => server.closeIdleConnections(), 50).unref();
}
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
