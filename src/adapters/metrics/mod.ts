/** Metrics in Prometheus' text format. @module */
export { type BuildLabels, PrometheusMetrics, type PrometheusOptions } from "./prometheus_metrics.ts";
