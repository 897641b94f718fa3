// A provider that signs everybody in as “mallory” and lies as it is told.
//   node hostile.mjs              prints "ready <issuer>"
//   GET <issuer>/lie/<name>       how the next answers lie
//   GET <issuer>/discovered       how often it was asked who it is
import http from 'node:http';
import { createHash } from 'node:crypto';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';

const own = await generateKeyPair('RS256');
const other = await generateKeyPair('RS256');
const jwk = { ...(await exportJWK(own.publicKey)), kid: 'one', use: 'sig', alg: 'RS256' };
const secret = new TextEncoder().encode('a secret of the tests + %');
let issuer;
let lie = 'none';
let nonce;
let discovered = 0;

function discovery() {
  const at = lie === 'discovery-of-another' ? 'http://127.0.0.1:9' : issuer;
  return {
    issuer: at,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: lie === 'token-inside' ? 'https://169.254.169.254/token' : `${issuer}/token`,
    jwks_uri: lie === 'keys-inside' ? 'https://10.0.0.1/keys' : `${issuer}/keys`,
    userinfo_endpoint: `${issuer}/userinfo`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
  };
}

async function token() {
  const now = Math.floor(Date.now() / 1000);
  const access = 'an access token';
  const hash = createHash('sha256').update(access).digest().subarray(0, 16).toString('base64url');
  const claims = {
    iss: lie === 'issuer' ? 'https://sso.example.gov.cn' : issuer,
    sub: lie === 'no-subject' ? '' : 'mallory',
    aud: { audience: 'somebody-else', audiences: ['zhida', 'somebody-else'] }[lie] ?? 'zhida',
    exp: lie === 'expired' ? now - 3600 : now + 300,
    iat: now,
    nonce: { 'no-nonce': undefined, 'other-nonce': 'guessed' }[lie] ?? nonce,
    at_hash: lie === 'at-hash' ? 'x'.repeat(22) : hash,
  };
  if (lie === 'no-nonce') delete claims.nonce;
  const header = { alg: 'RS256', kid: 'one' };
  let id = await new SignJWT(claims).setProtectedHeader(header).sign(own.privateKey);
  if (lie === 'key') {
    id = await new SignJWT(claims).setProtectedHeader(header).sign(other.privateKey);
  } else if (lie === 'alg-none') {
    id = new UnsecuredJWT(claims).encode();
  } else if (lie === 'alg-shared') {
    id = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
  } else if (lie === 'own-key-in-header') {
    const inside = { ...header, jwk: await exportJWK(other.publicKey) };
    id = await new SignJWT(claims).setProtectedHeader(inside).sign(other.privateKey);
  } else if (lie === 'tampered') {
    const [head, , signature] = id.split('.');
    const admin = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url');
    id = `${head}.${admin}.${signature}`;
  }
  const answer = { access_token: access, token_type: 'Bearer', expires_in: 300, id_token: id };
  if (lie === 'no-id-token') delete answer.id_token;
  return answer;
}

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  const json = (body) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  };
  const to = (address) => {
    response.writeHead(302, { location: address });
    response.end();
  };
  if (url.pathname.startsWith('/lie/')) {
    lie = url.pathname.slice('/lie/'.length);
    return response.end(lie);
  }
  switch (url.pathname) {
    case '/discovered':
      return response.end(String(discovered));
    case '/.well-known/openid-configuration':
      discovered += 1;
      return json(discovery());
    case '/keys':
      return json({ keys: [jwk] });
    case '/authorize': {
      nonce = url.searchParams.get('nonce');
      const back = new URL(url.searchParams.get('redirect_uri'));
      back.searchParams.set('code', 'a-code');
      back.searchParams.set('state', url.searchParams.get('state'));
      if (lie === 'answer-of-another') back.searchParams.set('iss', 'https://sso.example.gov.cn');
      return to(back.href);
    }
    case '/token':
      if (lie === 'redirected') return to('http://127.0.0.1:9/token');
      if (lie === 'endless') return json({ pad: 'x'.repeat(2_000_000), ...(await token()) });
      return json(await token());
    case '/userinfo':
      if (lie === 'user-info-down') return response.destroy();
      // of somebody else: to be believed by nobody
      return json({ sub: lie === 'user-info' ? 'admin' : 'mallory', employee_number: 'E-admin' });
    default:
      response.statusCode = 404;
      return response.end();
  }
});
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(`ready ${issuer} .`);
});
