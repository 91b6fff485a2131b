// An answer as an example: short, and with nothing in it that was a secret or is another one each time.
const made = {
  access_token: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTk4In0.c2lnbmF0dXJl', refresh_token: 'cmVmcmVzaC10b2tlbi1vZi1hbi1leGFtcGxl', challenge: 'Y2hhbGxlbmdlLW9mLWFuLWV4YW1wbGU', secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  otpauth_uri: 'otpauth://totp/Eco%C2%B2:ann%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Eco%C2%B2&algorithm=SHA1&digits=6&period=30',
  hash: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c', sha256: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c', etag: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
  kid: 'c2lnbmluZy1rZXk', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0', state: 'c3RhdGUtb2YtYW4tZXhhbXBsZQ', user_agent: 'curl/8.5.0', address: '192.0.2.7',
  version: '1.0.0', payload: 'eyJkYXRhIjoibm8gcmVnaXN0cmF0aW9uIn0=', payload_text: '{"data":"no registration"}',
};

export function plain(answer) {
  const ids = new Map();
  const id = found => ids.get(found) ?? ids.set(found, `0198c0de-0000-7000-8000-${String(ids.size + 1).padStart(12, '0')}`).get(found);
  const text = value => value
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, id)
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-11-21T09:00:00Z')
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'https://eco2.example')
    .replace(/(uploads|deletions)\/[A-Za-z0-9._-]{20,}/g, '$1/YW4tYWRkcmVzcy10aGF0LW5vYm9keS1ndWVzc2Vz')
    .replace(/(state|code_challenge|nonce|code)=[A-Za-z0-9._-]{8,}/g, '$1=b2YtYW4tZXhhbXBsZQ');
  const walk = (value, name) => {
    if (Array.isArray(value)) return value.slice(0, 2).map(one => walk(one, name));
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([member, one]) => [member, walk(one, member)]));
    if (typeof value !== 'string') return value;
    if (name === 'backup_codes') return 'ABCDE-FGHJK';
    if (name === 'key' && value.startsWith('eco2_')) return 'eco2_an-example-that-opens-nothing';
    if (name === 'prefix') return 'eco2_an-ex';
    return name in made && (name !== 'state' || value.length > 20) ? made[name] : text(value);
  };
  return walk(answer);
}
