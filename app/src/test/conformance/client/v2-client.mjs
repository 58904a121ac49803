// The official client of the TypeScript SDK, version 2, at a gateway with the server of this folder
// behind it.
//
//   node v2-client.mjs <address> <token> legacy|auto|modern
//
// Prints what it got as one line of JSON.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const MODES = { legacy: 'legacy', auto: 'auto', modern: { pin: '2026-07-28' } };

const [, , address, token, era] = process.argv;
const client = new Client(
  { name: 'v2-client', version: '1.0.0' },
  { capabilities: { elicitation: {} }, versionNegotiation: { mode: MODES[era] } },
);
client.setRequestHandler('elicitation/create', async () => ({
  action: 'accept',
  content: { username: 'Ada', email: 'ada@example.com' },
}));
await client.connect(
  new StreamableHTTPClientTransport(new URL(address), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  }),
);
const steps = [];
const { tools } = await client.listTools();
const plain = await client.callTool({ name: 'v2_test_simple_text', arguments: {} });
await client.callTool(
  { name: 'v2_test_tool_with_progress', arguments: {} },
  { onprogress: ({ progress }) => steps.push(progress) },
);
const asked = await client.callTool({
  name: 'v2_test_elicitation',
  arguments: { message: 'Who is there?' },
});
const prompt = await client.getPrompt({
  name: 'v2_test_prompt_with_arguments',
  arguments: { arg1: 'one', arg2: 'two' },
});
const { contents } = await client.readResource({ uri: 'test://static-text' });
const revision = client.getNegotiatedProtocolVersion();
await client.close();

console.log(
  JSON.stringify({
    revision,
    tools: tools.length,
    plain: plain.content[0].text,
    steps,
    asked: asked.content[0].text,
    prompt: prompt.messages[0].content.text,
    read: contents[0].text,
  }),
);
