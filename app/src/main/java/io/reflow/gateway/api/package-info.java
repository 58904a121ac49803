/// REST routes that need more than one feature. Endpoint: imported by Gateway only.
@NullMarked
package io.reflow.gateway.api;

import org.jspecify.annotations.NullMarked;
