/// What happens to payloads between sides that speak different revisions, or whose URIs differ:
/// pure functions from JSON text to JSON text. Imported by the engine and the endpoint.
@NullMarked
package io.reflow.gateway.translation;

import org.jspecify.annotations.NullMarked;
