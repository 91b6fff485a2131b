// In this order, by these people: what each operation needs besides its example, and what is learnt from its answer.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.js';

const picture = 'rendered-plastic-bottle.jpg';
const email = { ann: 'ann@example.com', admin: 'admin@example.com' };
const ended = ['succeeded', 'failed', 'cancelled'];
const learn = (name, from) => (client, body, answer) => { client.known[name] = from(body, answer); };
const does = (text, run) => ({ does: text, run });

async function call(client, as, method, address, body, headers) {
  const response = await fetch(new URL(address, client.eco2.url), {
    method, body: body && JSON.stringify(body), redirect: 'manual',
    headers: { 'Content-Type': 'application/json', ...(client.tokens[as] && { Authorization: `Bearer ${client.tokens[as]}` }), ...headers },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${address}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

const image = client => ({ channel: 'scan', owner: client.known.picture.split('/')[1], id: client.known.picture.split('/')[2].split('.')[0] });
const submit = async client => (await call(client, 'ann', 'POST', '/api/v1/scan', { image_key: client.known.picture })).job_id;

/** What nobody can read, as the app auth would publish it. */
async function publishPoison(client) {
  const { apps } = JSON.parse(readFileSync(join(client.eco2.state, 'run.json'), 'utf8'));
  const auth = apps.find(one => one.name === 'auth');
  const token = readFileSync(`/proc/${auth.pid}/environ`, 'utf8').split('\0').find(one => one.startsWith('DAPR_API_TOKEN=')).slice('DAPR_API_TOKEN='.length);
  for (const id of ['one', 'two', 'three']) {
    const answer = await fetch(`http://127.0.0.1:${auth.daprHttpPort}/v1.0/publish/pubsub/user.registered?metadata.cloudevent.id=${id}`, {
      method: 'POST', body: '"no registration"', headers: { 'dapr-api-token': token, 'Content-Type': 'application/json' },
    });
    if (!answer.ok) throw new Error(`publish: ${answer.status}`);
  }
}

const letter = state => ({ as: 'admin', parameters: client => ({ id: client.known[state] }) });

export const steps = [
  { id: 'SignUp', status: 201, then: (client, body) => { client.tokens.ann = body.access_token; } },
  { id: 'SignIn', status: 200, then: learn('phone', body => body) },
  { id: 'RefreshSession', status: 201, request: client => ({ refresh_token: client.known.phone.refresh_token }) },
  { id: 'ShowAccount', as: 'ann', status: 200 },
  { id: 'GetProfile', as: 'ann', status: 200, until: status => status === 200, then: learn('profile', (_, answer) => answer.headers.get('etag')) },
  { id: 'ChangeProfile', as: 'ann', status: 200, parameters: client => ({ 'If-Match': client.known.profile }) },
  { id: 'GetSettings', as: 'ann', status: 200, then: learn('settings', (_, answer) => answer.headers.get('etag')) },
  { id: 'ChangeSettings', as: 'ann', status: 200, parameters: client => ({ 'If-Match': client.known.settings }) },
  { id: 'ListSessions', as: 'ann', status: 200, then: learn('session', body => body.sessions.find(one => !one.current).id) },
  { id: 'EndSession', as: 'ann', status: 204, parameters: client => ({ id: client.known.session }) },

  { id: 'PutPicture', as: 'ann', status: 201, file: picture, then: learn('picture', body => body.key) },
  { id: 'GetPicture', as: 'ann', status: 200, parameters: image },
  { id: 'GetPictureThumbnail', as: 'ann', status: 200, parameters: image },
  { id: 'BeginUpload', as: 'ann', status: 200, request: () => ({ content_length: statSync(join(root, 'samples', picture)).size }), then: learn('upload', body => body) },
  { id: 'PutUpload', status: 200, file: picture, parameters: client => ({ token: client.known.upload.upload_url.split('/').at(-1) }) },
  { id: 'ConfirmUpload', as: 'ann', status: 200, request: client => ({ key: client.known.upload.key }) },

  { id: 'ListCategories', status: 200, as: 'ann' },
  { id: 'ListModels', status: 200, as: 'ann' },
  { id: 'SubmitScan', as: 'ann', status: 202, request: client => ({ image_key: client.known.picture }), then: learn('job', body => body.job_id) },
  { id: 'StreamJobEvents', as: 'ann', status: 200, parameters: client => ({ id: client.known.job }) },
  { id: 'StreamJobEventsAlias', as: 'ann', status: 200, parameters: client => ({ id: client.known.job }) },
  { id: 'GetJob', as: 'ann', status: 200, parameters: client => ({ id: client.known.job }), until: (_, body) => ended.includes(body?.status) },
  { id: 'GetResult', as: 'ann', status: 200, parameters: client => ({ id: client.known.job }), until: status => status !== 202 },
  { id: 'GetResultAlias', as: 'ann', status: 200, parameters: client => ({ id: client.known.job }) },
  { id: 'ListScans', as: 'ann', status: 200 },
  does('somebody wants another scan', async client => { client.known.other = await submit(client); }),
  { id: 'CancelJob', as: 'ann', parameters: client => ({ id: client.known.other }) },
  { id: 'DeleteScan', as: 'ann', status: 204, parameters: client => ({ id: client.known.job }) },
  { id: 'GetCatalog', as: 'ann', status: 200, then: learn('character', body => body[0]) },
  { id: 'GetCharacterPicture', status: 200 },
  { id: 'GetCharacterPictureAlias', status: 200 },
  { id: 'ListCharacters', as: 'ann', status: 200 },
  { id: 'GetOwnership', as: 'ann', status: 200 },
  { id: 'GetStats', as: 'ann', status: 200 },

  { id: 'CreateApiKey', as: 'ann', status: 201, then: learn('key', body => body.id) },
  { id: 'ListApiKeys', as: 'ann', status: 200 },
  { id: 'RevokeApiKey', as: 'ann', status: 204, parameters: client => ({ id: client.known.key }) },
  { id: 'PublishKeys', status: 200 },
  { id: 'PublishKeysAlias', status: 200 },

  { id: 'ListProviders', status: 200 },
  { id: 'AuthorizeAtProvider', status: 200 },
  { id: 'StartProviderSignIn', status: 200, then: (client, body, answer) => {
    client.known.state = body.data.state;
    client.known.browser = answer.headers.getSetCookie().map(one => one.split(';')[0]).join('; ');
  } },
  { id: 'FinishProviderSignIn', status: 302, headers: client => ({ Cookie: client.known.browser }), parameters: client => ({ code: 'of-the-provider', state: client.known.state }) },
  { id: 'LinkProvider', as: 'ann', status: 200 },
  { id: 'UnlinkProvider', as: 'ann', status: 204 },

  { id: 'SendVerification', as: 'ann', status: 202 },
  // The second link makes the first void.
  does('the mail comes', async client => { client.known.link = await client.mailed(email.ann, 'verify-email', 2); }),
  { id: 'VerifyEmail', status: 204, request: client => ({ token: client.known.link }) },
  { id: 'ChangePassword', as: 'ann', status: 204 },
  { id: 'ForgotPassword', status: 202 },
  does('the mail comes', async client => { client.known.link = await client.mailed(email.ann, 'reset-password'); }),
  { id: 'ResetPassword', status: 204, request: client => ({ token: client.known.link }) },
  does('the old session is over, a new one begins', async client => {
    client.tokens.ann = undefined;
    client.tokens.ann = (await call(client, null, 'POST', '/api/v1/auth/sign-in', { email: email.ann, password: 'seven quiet rivers' })).access_token;
  }),
  { id: 'StartSecondFactor', as: 'ann', status: 201, then: learn('secret', body => body.secret) },
  { id: 'ConfirmSecondFactor', as: 'ann', status: 200, request: client => ({ code: client.code() }), then: learn('codes', body => body.backup_codes) },
  does('a sign-in asks for the second factor', async client => {
    client.known.challenge = (await call(client, null, 'POST', '/api/v1/auth/sign-in', { email: email.ann, password: 'seven quiet rivers' })).challenge;
  }),
  { id: 'AnswerSecondFactor', status: 200, request: client => ({ challenge: client.known.challenge, code: client.known.codes[0] }), then: (client, body) => { client.tokens.ann = body.access_token; } },
  { id: 'RenewBackupCodes', as: 'ann', status: 200, request: client => ({ code: client.known.codes[1] }), then: learn('codes', body => body.backup_codes) },
  { id: 'RemoveSecondFactor', as: 'ann', status: 204, request: client => ({ code: client.known.codes[0] }) },

  does('somebody is an admin', async client => {
    const admin = { email: email.admin, password: 'seven quiet rivers' };
    client.tokens.admin = (await call(client, null, 'POST', '/api/v1/auth/sign-up', admin)).access_token;
    await call(client, null, 'POST', '/api/v1/auth/email/verify', { token: await client.mailed(email.admin, 'verify-email') });
    client.known.secret = (await call(client, 'admin', 'POST', '/api/v1/auth/totp', { password: admin.password })).secret;
    const { backup_codes: [code] } = await call(client, 'admin', 'POST', '/api/v1/auth/totp/confirm', { code: client.code() });
    const { challenge } = await call(client, null, 'POST', '/api/v1/auth/sign-in', admin);
    client.tokens.admin = (await call(client, null, 'POST', '/api/v1/auth/second-factor', { challenge, code })).access_token;
  }),
  { id: 'ListAudit', as: 'admin', status: 200 },
  { id: 'RotateSigningKeys', as: 'admin', status: 201 },
  { id: 'ListSigningKeys', as: 'admin', status: 200 },
  does('messages come that nobody can read', publishPoison),
  { id: 'ListDeadLetters', as: 'admin', status: 200, until: (_, body) => body?.letters?.length >= 3, then: (client, body) => {
    [client.known.first, client.known.second] = body.letters.map(one => one.id);
  } },
  { id: 'ShowDeadLetter', status: 200, ...letter('first') },
  { id: 'ReplayDeadLetter', status: 204, ...letter('first') },
  { id: 'DiscardDeadLetter', status: 204, ...letter('second') },
  { id: 'ReplayDeadLetters', as: 'admin', status: 200 },

  { id: 'AskExport', as: 'ann', status: 202, then: learn('export', body => body.id) },
  { id: 'GetExport', as: 'ann', status: 200, parameters: client => ({ id: client.known.export }), until: (_, body) => ended.includes(body?.status) },
  { id: 'GetExportArchive', as: 'ann', status: 200, parameters: client => ({ id: client.known.export }) },
  does('somebody has a phone', async client => {
    client.known.phone = await call(client, null, 'POST', '/api/v1/auth/sign-in', { email: email.ann, password: 'seven quiet rivers' });
  }),
  { id: 'SignOut', status: 200, request: client => ({ refresh_token: client.known.phone.refresh_token }) },
  { id: 'DeleteUser', as: 'ann', status: 202, then: learn('receipt', body => body.receipt_url.split('/').at(-1)) },
  { id: 'GetDeletion', status: 200, parameters: client => ({ receipt: client.known.receipt }), until: (_, body) => ended.includes(body?.status) },
  { id: 'SignOutAll', as: 'admin', status: 200 },
];
