// The certified provider. Whoever types a login is that subject, with the employee number E-<login>.
//   node provider.mjs <site>      prints "ready <issuer>"
//   GET <issuer>/rotate           signs with new keys from now on
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import Provider from 'oidc-provider';
import { exportJWK, generateKeyPair } from 'jose';

const site = process.argv[2];

async function keys() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = await exportJWK(privateKey);
  return { keys: [{ ...key, kid: randomUUID(), use: 'sig', alg: 'RS256' }] };
}

async function made(issuer) {
  return new Provider(issuer, {
    jwks: await keys(),
    clients: [
      {
        client_id: 'zhida',
        client_secret: 'a secret of the tests + %',
        redirect_uris: [`${site}/sign-in/callback/city`],
        post_logout_redirect_uris: [`${site}/sign-in`],
      },
    ],
    cookies: { keys: ['of the tests'] },
    claims: { openid: ['sub', 'amr'], profile: ['employee_number'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, employee_number: `E-${id}` }),
    }),
    // everybody has agreed to everything
    async loadExistingGrant({ oidc }) {
      const owner = { clientId: oidc.client.clientId, accountId: oidc.session.accountId };
      const grant = new oidc.provider.Grant(owner);
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
  });
}

async function form(request) {
  let text = '';
  for await (const part of request) text += part;
  return new URLSearchParams(text);
}

const page = `<!doctype html><html lang="zh-CN"><title>统一身份认证</title>
<form method="post"><label>工号 <input id="login" name="login"></label>
<label>方式 <input id="amr" name="amr"></label><button>登录</button></form>`;

async function interaction(provider, request, response) {
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    return response.end(page);
  }
  const fields = await form(request);
  const login = fields.get('login');
  const amr = (fields.get('amr') ?? '').split(' ').filter(Boolean);
  const result = login
    ? { login: { accountId: login, amr } }
    : { error: 'access_denied', error_description: 'the person left' };
  return provider.interactionFinished(request, response, result);
}

let provider;
const server = http.createServer(async (request, response) => {
  try {
    if (request.url === '/rotate') {
      provider = await made(provider.issuer);
      return response.end('rotated');
    }
    if (request.url.startsWith('/interaction/')) {
      return await interaction(provider, request, response);
    }
    return await provider.callback()(request, response);
  } catch (error) {
    response.statusCode = 500;
    return response.end(String(error?.stack ?? error));
  }
});
server.listen(0, '127.0.0.1', async () => {
  provider = await made(`http://127.0.0.1:${server.address().port}`);
  console.log(`ready ${provider.issuer} .`);
});
