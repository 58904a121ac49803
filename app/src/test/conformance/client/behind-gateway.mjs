// The command that the suite runs as its client: puts the suite's server behind a gateway, plays the
// scenario at the gateway, and takes the server away again.
//
//   node behind-gateway.mjs <address of the suite's server>
//
// GATEWAY_URL and GATEWAY_TOKEN say which gateway and who; CLIENT_ERA is `legacy` or `modern`.

import { play } from './client.mjs';

const { GATEWAY_URL, GATEWAY_TOKEN, CLIENT_ERA } = process.env;
const { MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_CONTEXT = '{}' } = process.env;

const headers = { authorization: `Bearer ${GATEWAY_TOKEN}` };

async function rest(method, path, body) {
  const response = await fetch(new URL(path, GATEWAY_URL), {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${text}`);
  }
  return text ? JSON.parse(text) : undefined;
}

// Of one user alone: on a stream that several share the server could not tell whom it asks.
const { id } = await rest('POST', '/api/targets', {
  name: 'suite',
  transport_type: 'streamable-http',
  url: process.argv[2],
  tool_prefix: '',
  isolation_boundary: 'per_user',
});
try {
  await play(MCP_CONFORMANCE_SCENARIO, {
    url: new URL('/mcp', GATEWAY_URL),
    era: CLIENT_ERA,
    headers,
    context: JSON.parse(MCP_CONFORMANCE_CONTEXT),
  });
} finally {
  await rest('DELETE', `/api/targets/${id}`);
}
