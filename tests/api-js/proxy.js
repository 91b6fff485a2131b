// Between curl and the product: passes everything on and keeps what was answered.
import { createServer, request } from 'node:http';

export async function startProxy(target) {
  const answers = [];
  const server = createServer((incoming, outgoing) => {
    const onward = request(new URL(incoming.url, target), { method: incoming.method, headers: incoming.headers }, answer => {
      const parts = [];
      outgoing.writeHead(answer.statusCode, answer.rawHeaders);
      answer.on('data', part => parts.push(part));
      answer.on('end', () => answers.push({
        method: incoming.method,
        path: incoming.url.split('?')[0],
        status: answer.statusCode,
        type: answer.headers['content-type'] ?? '',
        packed: 'content-encoding' in answer.headers,
        body: Buffer.concat(parts).toString('utf8'),
      }));
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${server.address().port}`, answers, stop: () => server.close() };
}
