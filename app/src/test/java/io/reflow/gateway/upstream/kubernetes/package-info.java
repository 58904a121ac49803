@NullMarked
package io.reflow.gateway.upstream.kubernetes;

import org.jspecify.annotations.NullMarked;
