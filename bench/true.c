/* SPDX-License-Identifier: Apache-2.0 */
/* Does nothing: what is measured is how one gets here. */
int main(void)
{
	return 0;
}
