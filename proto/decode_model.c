/* What a model has learnt, from generated structs to plain ones. */
#include "proto/decode_part.h"

static struct msg_calibration calibration(const Kriged__Calibration *pb)
{
	return (struct msg_calibration){
		.n = pb->results,
		.log_density = pb->log_density,
		.crps = pb->crps,
		.mean_square_z = pb->mean_square_z,
		.coverage50 = pb->coverage50,
		.coverage80 = pb->coverage80,
		.coverage95 = pb->coverage95,
		.outliers = pb->outliers,
		.worst_z = pb->worst_z,
		.has_worst = pb->has_worst_number,
		.worst_number = pb->worst_number,
	};
}

enum kr_status decode_model__item(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__MetricModel *pb = item;
	struct msg_model *out = out_item;
	enum kr_status st = decode_part__text(
		d, PLACE(at, "name"), pb->has_name, pb->name, SIZE_MAX, &out->name);

	if (st == KR_OK)
		st = decode_part__text(
			d, PLACE(at, "kernel"), pb->has_kernel, pb->kernel, SIZE_MAX, &out->kernel);
	out->n_lengthscales = (int)pb->n_lengthscales;
	out->lengthscales = pb->lengthscales;
	out->outputscale = pb->outputscale;
	out->noise_sd = pb->noise_sd;
	out->mean = pb->mean;
	out->n = pb->observations;
	out->n_fit = pb->fitted;
	out->has_log_posterior = pb->has_log_posterior;
	out->log_posterior = pb->log_posterior;
	out->jitter = pb->jitter;
	if (pb->calibration && pb->calibration->results)
		out->calibration = calibration(pb->calibration);
	return st != KR_OK ? st
					   : decode_part__text(d, PLACE(at, "transform"), pb->has_transform,
							 pb->transform, SIZE_MAX, &out->transform);
}
