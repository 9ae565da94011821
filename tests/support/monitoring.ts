import { ROOT } from "./paths.ts";

export const ALERTS = `${ROOT}configs/prometheus/alerts.yml`;
export const ALERT_CASES = `${ROOT}configs/prometheus/alerts_test.yml`;
const DASHBOARD = `${ROOT}configs/grafana/runevault.json`;

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Every query of the Grafana dashboard by its panel, with the dashboard's variables filled in. */
export function dashboardQueries(): { panel: string; expression: string }[] {
  const { panels }: { panels: readonly Panel[] } = JSON.parse(Deno.readTextFileSync(DASHBOARD));
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      panel: title,
      expression: expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "1m"),
    }))
  );
}

/** Names of the series that a query asks for; in the dashboard each has its selector. */
export function selectedNames(expression: string): string[] {
  return [...expression.matchAll(/([a-zA-Z_:][\w:]*)\{/g)].map(([, name]) => name);
}

/** Names of the vault's series in the text of a page of metrics, or of rules. */
export function vaultNames(text: string): Set<string> {
  return new Set(text.match(/\b(vault|process)_[a-z_]+/g) ?? []);
}
