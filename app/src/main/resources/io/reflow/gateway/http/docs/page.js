// Shows what the gateway says of itself; everything comes from the gateway.
Scalar.createApiReference("#reference", {
  url: "docs/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
});
