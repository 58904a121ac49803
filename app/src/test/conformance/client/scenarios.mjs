// What a client does in each of the suite's scenarios for clients. Everything else the suite watches
// (headers, retries, ids, states) is the business of who speaks to the suite's server.

const ACCEPTED = { action: 'accept', content: { confirmed: true } };

const names = tools => tools.map(tool => tool.name);

async function eachTool({ client, tools }) {
  for (const name of names(tools)) {
    // A result that is not one, and a tool that should not have been listed, may be refused.
    await client.callTool({ name, arguments: { region: 'us-west1' } }).catch(() => {});
  }
}

async function oneOfEachKind({ client, tools }) {
  await client.callTool({ name: tools[0].name, arguments: {} });
  const { resources } = await client.listResources();
  await client.readResource({ uri: resources[0].uri });
  const { prompts } = await client.listPrompts();
  await client.getPrompt({ name: prompts[0].name, arguments: {} });
}

async function asTold({ client, context }) {
  for (const call of context.toolCalls) {
    await client.callTool({ name: call.name, arguments: call.arguments });
  }
}

async function echoOfTheSchema({ client, tools }) {
  const echo = tools.find(tool => tool.inputSchema.properties?.schema);
  const other = tools.find(tool => tool !== echo);
  await client.callTool({ name: echo.name, arguments: { schema: other.inputSchema } });
}

/** By name: what the client is capable of, how it answers its user's questions, and what it does. */
export const scenarios = {
  initialize: {},
  tools_call: {
    act: ({ client, tools }) =>
      client.callTool({ name: tools[0].name, arguments: { a: 5, b: 3 } }),
  },
  'sse-retry': { act: ({ client, tools }) => client.callTool({ name: tools[0].name, arguments: {} }) },
  'elicitation-sep1034-client-defaults': {
    // The SDK fills in the defaults.
    capabilities: { elicitation: { form: { applyDefaults: true } } },
    answer: { action: 'accept', content: {} },
    act: ({ client, tools }) => client.callTool({ name: tools[0].name, arguments: {} }),
  },
  'request-metadata': { capabilities: { roots: {}, sampling: {}, elicitation: {} } },
  'sep-2322-client-request-state': {
    capabilities: { elicitation: {} },
    answer: ACCEPTED,
    act: eachTool,
  },
  'http-standard-headers': { act: oneOfEachKind },
  'http-custom-headers': { act: asTold },
  'http-invalid-tool-headers': { act: eachTool },
  'json-schema-ref-no-deref': {},
  'json-schema-2020-12-preservation': { act: echoOfTheSchema },
};
