import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { log, reason } from "./log.js";
import { Objects } from "./objects.js";
import { serve } from "./server.js";
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
const objects = new Objects("127.0.0.1", setting("DAPR_GRPC_PORT"), process.env["DAPR_API_TOKEN"] || undefined);
const classifier = await Classifier.load();
// Loading leaves some 40 MB of garbage that an idle process would keep for good.
setFlagsFromString("--expose-gc");
(runInNewContext("gc") as () => void)();

const server = serve({ objects, classifier, token: process.env["APP_API_TOKEN"] || undefined });

server.on("error", (error) => {
  log("error", "The server cannot listen", { port, reason: reason(error) });
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => log("info", "Listening", { port, model: classifier.name }));
void objects.start();

function stop(signal: string): void {
  log("info", "Stopping", { signal });
  // Requests that run are finished; the timer is for those that won't.
  setTimeout(() => process.exit(1), DrainMs).unref();
  server.close(() => void objects.stop().then(() => process.exit(0)));
  // A connection that has had its answer stays open for more, and close() would wait for it.
  setInterval(() => server.closeIdleConnections(), 50).unref();
}
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
