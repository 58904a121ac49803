// An MCP server over standard input and output that does as little as one can. Its one argument is
// the file with the result of every call.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const result = readFileSync(process.argv[2], 'utf8');
const initialized = JSON.stringify({
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'echo', version: '1' },
});
const tools = JSON.stringify({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] });

const answers = { initialize: initialized, 'tools/list': tools, 'tools/call': result };

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (id !== undefined) {
    const answer = answers[method] ?? '{}';
    process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${answer}}\n`);
  }
});
