// The command that the suite runs as its client to see what the client does by itself.
//
//   node direct.mjs <address of the suite's server>

import { play } from './client.mjs';

const { CLIENT_ERA, MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_CONTEXT = '{}' } = process.env;

await play(MCP_CONFORMANCE_SCENARIO, {
  url: process.argv[2],
  era: CLIENT_ERA,
  headers: {},
  context: JSON.parse(MCP_CONFORMANCE_CONTEXT),
});
