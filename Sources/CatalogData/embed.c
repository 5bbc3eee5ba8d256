// The catalogues as bytes of the binary: one array a CSV file, found by name.
// `#embed` is C23; the files stay readable tables in the repository.
#include "CatalogData.h"

#include <string.h>

// clang-format off
static const unsigned char accelerators[] = {
#embed "tables/accelerators.csv"
};
static const unsigned char accelerator_facts[] = {
#embed "tables/accelerator_facts.csv"
};
static const unsigned char accelerator_rates[] = {
#embed "tables/accelerator_rates.csv"
};
static const unsigned char cloud_instances[] = {
#embed "tables/cloud_instances.csv"
};
static const unsigned char cloud_prices[] = {
#embed "tables/cloud_prices.csv"
};
static const unsigned char price_history[] = {
#embed "tables/price_history.csv"
};
static const unsigned char deals[] = {
#embed "tables/deals.csv"
};
static const unsigned char models[] = {
#embed "tables/models.csv"
};
static const unsigned char power_and_sites[] = {
#embed "tables/power_and_sites.csv"
};
static const unsigned char demand_facts[] = {
#embed "tables/demand_facts.csv"
};
static const unsigned char fleet_facts[] = {
#embed "tables/fleet_facts.csv"
};
static const unsigned char measured_power[] = {
#embed "tables/measured_power.csv"
};
static const unsigned char training_runs[] = {
#embed "tables/training_runs.csv"
};
static const unsigned char engine_constants[] = {
#embed "tables/engine_constants.csv"
};
static const unsigned char benchmark_workloads[] = {
#embed "tables/benchmark_workloads.csv"
};
static const unsigned char measured_kernels[] = {
#embed "tables/measured_kernels.csv"
};
static const unsigned char measured_serving[] = {
#embed "tables/measured_serving.csv"
};
// clang-format on

#define TABLE(table) {#table ".csv", table, sizeof table}

static const struct {
  const char *name;
  const unsigned char *bytes;
  size_t count;
} tables[] = {
    TABLE(accelerators),     TABLE(accelerator_facts), TABLE(accelerator_rates),   TABLE(cloud_instances),
    TABLE(cloud_prices),     TABLE(price_history),     TABLE(deals),               TABLE(models),
    TABLE(power_and_sites),  TABLE(demand_facts),      TABLE(fleet_facts),         TABLE(measured_power),
    TABLE(training_runs),    TABLE(engine_constants),  TABLE(benchmark_workloads), TABLE(measured_kernels),
    TABLE(measured_serving),
};

const unsigned char *catalog_data(const char *name, size_t *count) {
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    if (strcmp(tables[i].name, name) == 0) {
      *count = tables[i].count;
      return tables[i].bytes;
    }
  }
  *count = 0;
  return NULL;
}
