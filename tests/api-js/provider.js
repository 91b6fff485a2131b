// Somebody else's sign-in service, as far as a program meets one.
import { createServer } from 'node:http';

export async function startProvider() {
  const server = createServer((request, response) => {
    request.resume();
    const json = body => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body));
    if (request.url.startsWith('/token')) json({ access_token: 'of-the-provider', token_type: 'Bearer' });
    else json({ id: 'guest', email: 'guest@provider.example', verified: true, name: '손님' });
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  const at = `http://127.0.0.1:${server.address().port}`;
  const options = {
    Name: 'Otherbook', ClientId: 'examples', ClientSecret: 'of-tests', AuthorizationEndpoint: `${at}/authorize`, TokenEndpoint: `${at}/token`,
    UserInfoEndpoint: `${at}/me`, Subject: 'id', Email: 'email', EmailVerified: 'verified', Nickname: 'name',
  };
  return { environment: Object.fromEntries(Object.entries(options).map(([name, value]) => [`Auth__Providers__otherbook__${name}`, value])), stop: () => server.close() };
}
