// The bundled scenarios as bytes of the binary: one array a file, found by path.
#include "ScenarioData.h"

#include <string.h>

// clang-format off
static const unsigned char azure_exclusive_assumptions_csv[] = {
#embed "scenarios/azure-exclusive/assumptions.csv"
};
static const unsigned char azure_exclusive_offers_csv[] = {
#embed "scenarios/azure-exclusive/offers.csv"
};
static const unsigned char azure_exclusive_scenario_toml[] = {
#embed "scenarios/azure-exclusive/scenario.toml"
};
static const unsigned char defaults_assumptions_csv[] = {
#embed "scenarios/defaults/assumptions.csv"
};
static const unsigned char defaults_models_csv[] = {
#embed "scenarios/defaults/models.csv"
};
static const unsigned char defaults_scenario_toml[] = {
#embed "scenarios/defaults/scenario.toml"
};
static const unsigned char defaults_supply_csv[] = {
#embed "scenarios/defaults/supply.csv"
};
static const unsigned char frontier_lab_fleet_assumptions_csv[] = {
#embed "scenarios/frontier-lab-fleet/assumptions.csv"
};
static const unsigned char frontier_lab_fleet_brackets_csv[] = {
#embed "scenarios/frontier-lab-fleet/brackets.csv"
};
static const unsigned char frontier_lab_fleet_contracts_csv[] = {
#embed "scenarios/frontier-lab-fleet/contracts.csv"
};
static const unsigned char frontier_lab_fleet_correlations_csv[] = {
#embed "scenarios/frontier-lab-fleet/correlations.csv"
};
static const unsigned char frontier_lab_fleet_deliveries_csv[] = {
#embed "scenarios/frontier-lab-fleet/deliveries.csv"
};
static const unsigned char frontier_lab_fleet_demand_csv[] = {
#embed "scenarios/frontier-lab-fleet/demand.csv"
};
static const unsigned char frontier_lab_fleet_offers_csv[] = {
#embed "scenarios/frontier-lab-fleet/offers.csv"
};
static const unsigned char frontier_lab_fleet_power_csv[] = {
#embed "scenarios/frontier-lab-fleet/power.csv"
};
static const unsigned char frontier_lab_fleet_price_paths_csv[] = {
#embed "scenarios/frontier-lab-fleet/price_paths.csv"
};
static const unsigned char frontier_lab_fleet_profiles_csv[] = {
#embed "scenarios/frontier-lab-fleet/profiles.csv"
};
static const unsigned char frontier_lab_fleet_regions_csv[] = {
#embed "scenarios/frontier-lab-fleet/regions.csv"
};
static const unsigned char frontier_lab_fleet_scenario_toml[] = {
#embed "scenarios/frontier-lab-fleet/scenario.toml"
};
static const unsigned char frontier_lab_fleet_sites_csv[] = {
#embed "scenarios/frontier-lab-fleet/sites.csv"
};
static const unsigned char frontier_lab_fleet_training_csv[] = {
#embed "scenarios/frontier-lab-fleet/training.csv"
};
static const unsigned char google_tpu_assumptions_csv[] = {
#embed "scenarios/google-tpu/assumptions.csv"
};
static const unsigned char google_tpu_offers_csv[] = {
#embed "scenarios/google-tpu/offers.csv"
};
static const unsigned char google_tpu_scenario_toml[] = {
#embed "scenarios/google-tpu/scenario.toml"
};
static const unsigned char multi_cloud_scarce_assumptions_csv[] = {
#embed "scenarios/multi-cloud-scarce/assumptions.csv"
};
static const unsigned char multi_cloud_scarce_offers_csv[] = {
#embed "scenarios/multi-cloud-scarce/offers.csv"
};
static const unsigned char multi_cloud_scarce_scenario_toml[] = {
#embed "scenarios/multi-cloud-scarce/scenario.toml"
};
static const unsigned char openai_aws_38b_assumptions_csv[] = {
#embed "scenarios/openai-aws-38b/assumptions.csv"
};
static const unsigned char openai_aws_38b_offers_csv[] = {
#embed "scenarios/openai-aws-38b/offers.csv"
};
static const unsigned char openai_aws_38b_scenario_toml[] = {
#embed "scenarios/openai-aws-38b/scenario.toml"
};
static const unsigned char own_build_fleet_assumptions_csv[] = {
#embed "scenarios/own-build-fleet/assumptions.csv"
};
static const unsigned char own_build_fleet_brackets_csv[] = {
#embed "scenarios/own-build-fleet/brackets.csv"
};
static const unsigned char own_build_fleet_contracts_csv[] = {
#embed "scenarios/own-build-fleet/contracts.csv"
};
static const unsigned char own_build_fleet_deliveries_csv[] = {
#embed "scenarios/own-build-fleet/deliveries.csv"
};
static const unsigned char own_build_fleet_offers_csv[] = {
#embed "scenarios/own-build-fleet/offers.csv"
};
static const unsigned char own_build_fleet_own_builds_csv[] = {
#embed "scenarios/own-build-fleet/own_builds.csv"
};
static const unsigned char own_build_fleet_power_csv[] = {
#embed "scenarios/own-build-fleet/power.csv"
};
static const unsigned char own_build_fleet_scenario_toml[] = {
#embed "scenarios/own-build-fleet/scenario.toml"
};
static const unsigned char own_build_fleet_sites_csv[] = {
#embed "scenarios/own-build-fleet/sites.csv"
};
static const unsigned char own_silicon_assumptions_csv[] = {
#embed "scenarios/own-silicon/assumptions.csv"
};
static const unsigned char own_silicon_offers_csv[] = {
#embed "scenarios/own-silicon/offers.csv"
};
static const unsigned char own_silicon_scenario_toml[] = {
#embed "scenarios/own-silicon/scenario.toml"
};
static const unsigned char second_tier_chips_assumptions_csv[] = {
#embed "scenarios/second-tier-chips/assumptions.csv"
};
static const unsigned char second_tier_chips_offers_csv[] = {
#embed "scenarios/second-tier-chips/offers.csv"
};
static const unsigned char second_tier_chips_scenario_toml[] = {
#embed "scenarios/second-tier-chips/scenario.toml"
};
// clang-format on

typedef struct {
  const char *path;
  const unsigned char *bytes;
  size_t count;
} scenario_file;

static const scenario_file files[] = {
    {"azure-exclusive/assumptions.csv", azure_exclusive_assumptions_csv, sizeof azure_exclusive_assumptions_csv},
    {"azure-exclusive/offers.csv", azure_exclusive_offers_csv, sizeof azure_exclusive_offers_csv},
    {"azure-exclusive/scenario.toml", azure_exclusive_scenario_toml, sizeof azure_exclusive_scenario_toml},
    {"defaults/assumptions.csv", defaults_assumptions_csv, sizeof defaults_assumptions_csv},
    {"defaults/models.csv", defaults_models_csv, sizeof defaults_models_csv},
    {"defaults/scenario.toml", defaults_scenario_toml, sizeof defaults_scenario_toml},
    {"defaults/supply.csv", defaults_supply_csv, sizeof defaults_supply_csv},
    {"frontier-lab-fleet/assumptions.csv", frontier_lab_fleet_assumptions_csv, sizeof frontier_lab_fleet_assumptions_csv},
    {"frontier-lab-fleet/brackets.csv", frontier_lab_fleet_brackets_csv, sizeof frontier_lab_fleet_brackets_csv},
    {"frontier-lab-fleet/contracts.csv", frontier_lab_fleet_contracts_csv, sizeof frontier_lab_fleet_contracts_csv},
    {"frontier-lab-fleet/correlations.csv", frontier_lab_fleet_correlations_csv, sizeof frontier_lab_fleet_correlations_csv},
    {"frontier-lab-fleet/deliveries.csv", frontier_lab_fleet_deliveries_csv, sizeof frontier_lab_fleet_deliveries_csv},
    {"frontier-lab-fleet/demand.csv", frontier_lab_fleet_demand_csv, sizeof frontier_lab_fleet_demand_csv},
    {"frontier-lab-fleet/offers.csv", frontier_lab_fleet_offers_csv, sizeof frontier_lab_fleet_offers_csv},
    {"frontier-lab-fleet/power.csv", frontier_lab_fleet_power_csv, sizeof frontier_lab_fleet_power_csv},
    {"frontier-lab-fleet/price_paths.csv", frontier_lab_fleet_price_paths_csv, sizeof frontier_lab_fleet_price_paths_csv},
    {"frontier-lab-fleet/profiles.csv", frontier_lab_fleet_profiles_csv, sizeof frontier_lab_fleet_profiles_csv},
    {"frontier-lab-fleet/regions.csv", frontier_lab_fleet_regions_csv, sizeof frontier_lab_fleet_regions_csv},
    {"frontier-lab-fleet/scenario.toml", frontier_lab_fleet_scenario_toml, sizeof frontier_lab_fleet_scenario_toml},
    {"frontier-lab-fleet/sites.csv", frontier_lab_fleet_sites_csv, sizeof frontier_lab_fleet_sites_csv},
    {"frontier-lab-fleet/training.csv", frontier_lab_fleet_training_csv, sizeof frontier_lab_fleet_training_csv},
    {"google-tpu/assumptions.csv", google_tpu_assumptions_csv, sizeof google_tpu_assumptions_csv},
    {"google-tpu/offers.csv", google_tpu_offers_csv, sizeof google_tpu_offers_csv},
    {"google-tpu/scenario.toml", google_tpu_scenario_toml, sizeof google_tpu_scenario_toml},
    {"multi-cloud-scarce/assumptions.csv", multi_cloud_scarce_assumptions_csv, sizeof multi_cloud_scarce_assumptions_csv},
    {"multi-cloud-scarce/offers.csv", multi_cloud_scarce_offers_csv, sizeof multi_cloud_scarce_offers_csv},
    {"multi-cloud-scarce/scenario.toml", multi_cloud_scarce_scenario_toml, sizeof multi_cloud_scarce_scenario_toml},
    {"openai-aws-38b/assumptions.csv", openai_aws_38b_assumptions_csv, sizeof openai_aws_38b_assumptions_csv},
    {"openai-aws-38b/offers.csv", openai_aws_38b_offers_csv, sizeof openai_aws_38b_offers_csv},
    {"openai-aws-38b/scenario.toml", openai_aws_38b_scenario_toml, sizeof openai_aws_38b_scenario_toml},
    {"own-build-fleet/assumptions.csv", own_build_fleet_assumptions_csv, sizeof own_build_fleet_assumptions_csv},
    {"own-build-fleet/brackets.csv", own_build_fleet_brackets_csv, sizeof own_build_fleet_brackets_csv},
    {"own-build-fleet/contracts.csv", own_build_fleet_contracts_csv, sizeof own_build_fleet_contracts_csv},
    {"own-build-fleet/deliveries.csv", own_build_fleet_deliveries_csv, sizeof own_build_fleet_deliveries_csv},
    {"own-build-fleet/offers.csv", own_build_fleet_offers_csv, sizeof own_build_fleet_offers_csv},
    {"own-build-fleet/own_builds.csv", own_build_fleet_own_builds_csv, sizeof own_build_fleet_own_builds_csv},
    {"own-build-fleet/power.csv", own_build_fleet_power_csv, sizeof own_build_fleet_power_csv},
    {"own-build-fleet/scenario.toml", own_build_fleet_scenario_toml, sizeof own_build_fleet_scenario_toml},
    {"own-build-fleet/sites.csv", own_build_fleet_sites_csv, sizeof own_build_fleet_sites_csv},
    {"own-silicon/assumptions.csv", own_silicon_assumptions_csv, sizeof own_silicon_assumptions_csv},
    {"own-silicon/offers.csv", own_silicon_offers_csv, sizeof own_silicon_offers_csv},
    {"own-silicon/scenario.toml", own_silicon_scenario_toml, sizeof own_silicon_scenario_toml},
    {"second-tier-chips/assumptions.csv", second_tier_chips_assumptions_csv, sizeof second_tier_chips_assumptions_csv},
    {"second-tier-chips/offers.csv", second_tier_chips_offers_csv, sizeof second_tier_chips_offers_csv},
    {"second-tier-chips/scenario.toml", second_tier_chips_scenario_toml, sizeof second_tier_chips_scenario_toml},
};

static const size_t file_count = sizeof files / sizeof files[0];

const unsigned char *scenario_data(const char *path, size_t *count) {
  *count = 0;
  for (size_t i = 0; i < file_count; i++) {
    if (strcmp(files[i].path, path) == 0) {
      *count = files[i].count;
      return files[i].bytes;
    }
  }
  return 0;
}

const char *scenario_path(size_t index) { return index < file_count ? files[index].path : 0; }
