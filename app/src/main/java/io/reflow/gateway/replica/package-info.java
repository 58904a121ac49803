/// The gateways over one database: which of them live, and how one passes a request on to another.
/// Noun: may be imported by rules, engine and endpoint.
@NullMarked
package io.reflow.gateway.replica;

import org.jspecify.annotations.NullMarked;
