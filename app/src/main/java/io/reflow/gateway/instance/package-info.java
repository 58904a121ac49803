/// Running processes and connections and who shares them. A rule: imported by engine and endpoint.
@NullMarked
package io.reflow.gateway.instance;

import org.jspecify.annotations.NullMarked;
