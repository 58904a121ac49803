// Plays one of the suite's scenarios for clients at an address.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { scenarios } from './scenarios.mjs';

/** How to reach a server of an era. */
const MODES = { legacy: 'legacy', modern: { pin: '2026-07-28' } };

/**
 * @param headers to send along with every request
 * @param context what the suite has to say about the scenario
 */
export async function play(name, { url, era, headers, context }) {
  const scenario = scenarios[name];
  const client = new Client(
    { name: 'conformance-client', version: '1.0.0' },
    {
      capabilities: scenario.capabilities ?? {},
      versionNegotiation: { mode: MODES[era] },
    },
  );
  if (scenario.answer) {
    client.setRequestHandler('elicitation/create', async () => scenario.answer);
  }
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  try {
    const { tools } = await client.listTools();
    await scenario.act?.({ client, tools, context });
  } finally {
    await client.close();
  }
}
