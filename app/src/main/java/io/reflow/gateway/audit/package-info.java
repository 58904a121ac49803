/// The record of every answer. A rule: imported by engine and endpoint.
@NullMarked
package io.reflow.gateway.audit;

import org.jspecify.annotations.NullMarked;
