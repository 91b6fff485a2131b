import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Somebody else's sign-in service, as far as this page meets one: whoever comes is the person whose number is in the cookie of the visit. */
export async function startProvider(): Promise<{ environment: Record<string, string>; stop: () => void }> {
  const people = new Map<string, string>();
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://provider');
    const json = (body: object) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body));
    if (url.pathname === '/authorize') {
      const person = /person=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? 'nobody';
      const code = `code-${people.size}`;
      people.set(code, person);
      const back = new URL(url.searchParams.get('redirect_uri')!);
      back.searchParams.set('code', code);
      back.searchParams.set('state', url.searchParams.get('state')!);
      response.writeHead(302, { Location: back.href }).end();
    } else if (url.pathname === '/token') {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => json({ access_token: people.get(new URLSearchParams(body).get('code')!), token_type: 'Bearer' }));
    } else {
      const id = request.headers.authorization!.replace('Bearer ', '');
      json({ id, email: `${id}@provider.example`, verified: true, name: '손님' });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = {
    Name: 'Otherbook', ClientId: 'page-tests', ClientSecret: 'of-tests', AuthorizationEndpoint: `${at}/authorize`, TokenEndpoint: `${at}/token`,
    UserInfoEndpoint: `${at}/me`, Subject: 'id', Email: 'email', EmailVerified: 'verified', Nickname: 'name',
  };
  const environment = Object.fromEntries(Object.entries(options).map(([name, value]) => [`Auth__Providers__otherbook__${name}`, value]));
  process.env.ECO2_WEB_PROVIDER = at;
  return { environment, stop: () => server.close() };
}
