// The official client of the TypeScript SDK, version 1, at a gateway with server-everything behind it.
//
//   node v1-client.mjs <address> <token> http|sse
//
// Prints what it got as one line of JSON.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [, , address, token, transport] = process.argv;
const headers = { authorization: `Bearer ${token}` };
const Transport = transport === 'sse' ? SSEClientTransport : StreamableHTTPClientTransport;

const client = new Client({ name: 'v1-client', version: '1.0.0' }, { capabilities: {} });
await client.connect(new Transport(new URL(address), { requestInit: { headers } }));
const steps = [];
const { tools } = await client.listTools();
const echo = await client.callTool({ name: 'everything_echo', arguments: { message: 'Grüße' } });
await client.callTool(
  {
    name: 'everything_trigger-long-running-operation',
    arguments: { duration: 0.4, steps: 4 },
  },
  undefined,
  { onprogress: ({ progress }) => steps.push(progress) },
);
const { prompts } = await client.listPrompts();
const { resources } = await client.listResources();
const { contents } = await client.readResource({ uri: resources[0].uri });
await client.close();

console.log(
  JSON.stringify({
    tools: tools.map(tool => tool.name),
    echo: echo.content[0].text,
    steps,
    prompts: prompts.map(prompt => prompt.name),
    read: contents[0].uri === resources[0].uri,
  }),
);
